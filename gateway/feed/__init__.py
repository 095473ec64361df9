"""The merged log of all services' facts: the feed, the stream, the positions."""
