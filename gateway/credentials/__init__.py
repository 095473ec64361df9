"""How people and machines prove who they are: accounts, sessions, invitations, OAuth clients, and limits on trying."""
