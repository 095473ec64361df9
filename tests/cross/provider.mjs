// A certified OpenID Connect provider with one client and whoever is named in the query of its sign-in page.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const port = Number(process.argv[2]);
const redirectUri = process.argv[3];
const people = JSON.parse(process.argv[4]);
const issuer = `http://127.0.0.1:${port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "tandem",
      client_secret: "as the issuer has given it",
      redirect_uris: [redirectUri],
      grant_types: ["authorization_code"],
      response_types: ["code"],
      application_type: "native",
    },
  ],
  claims: { openid: ["sub"], email: ["email", "email_verified"] },
  // The claims that we read stand in the ID token, as with most providers.
  conformIdTokenClaims: false,
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/sign-in/${interaction.uid}` },
  pkce: { required: () => true },
});

const answer = provider.callback();
const server = createServer(async (request, response) => {
  const url = new URL(request.url, issuer);
  if (!url.pathname.startsWith("/sign-in/")) return answer(request, response);
  // Signing in and consenting, as a page of the provider would let somebody do.
  const details = await provider.interactionDetails(request, response);
  const { session, params, prompt } = details;
  if (prompt.name === "login") {
    const result = { login: { accountId: Object.keys(people)[0] } };
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope("openid email profile");
  const result = { consent: { grantId: await grant.save() } };
  return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
});
server.listen(port, "127.0.0.1");
