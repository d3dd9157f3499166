import { jest } from "@jest/globals";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { calculateJwkThumbprint, exportJWK } from "jose";
import Provider from "oidc-provider";

/** Whom the issuer's access tokens are for. */
export const AUDIENCE = "https://mentoring.example/api";

/** The real library as issuer, on a port of its own. */
export class Issuer {
  server: Server | null = null;
  requests = 0;

  private constructor(
    readonly url: string,
    readonly key: KeyObject,
    readonly kid: string,
    readonly provider: Provider,
    readonly port: number,
  ) {}

  static async start(port = 0, key = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey): Promise<Issuer> {
    // The library tells at length that a test is no production.
    for (const method of ["warn", "info"] as const) jest.spyOn(console, method).mockImplementation(() => undefined);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    const at = (server.address() as AddressInfo).port;
    const url = `http://127.0.0.1:${at}`;
    const jwk = await exportJWK(key);
    const kid = await calculateJwkThumbprint(jwk);
    const provider = new Provider(url, {
      jwks: { keys: [{ ...jwk, kid, use: "sig", alg: "RS256" }] },
      clients: [{ client_id: "service", client_secret: "a secret of the test", grant_types: ["client_credentials"], redirect_uris: [], response_types: [] }],
      features: {
        clientCredentials: { enabled: true },
        devInteractions: { enabled: false },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: () => ({ scope: "api", audience: AUDIENCE, accessTokenFormat: "jwt", accessTokenTTL: 900, jwt: { sign: { alg: "RS256" } } }),
        },
      },
      extraTokenClaims: () => ({
        email: "Service@Mentoring.example",
        email_verified: true,
        name: "A service",
        realm_access: { roles: ["operator", "MENTOR", "boss"] },
      }),
    });
    const issuer = new Issuer(url, key, kid, provider, at);
    const answer = provider.callback();
    server.on("request", (request, response) => {
      issuer.requests += 1;
      void answer(request, response);
    });
    issuer.server = server;
    return issuer;
  }

  async stop(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((resolve) => this.server?.close(resolve));
  }

  /** A token as a client gets it, over HTTP. */
  async accessToken(): Promise<string> {
    const response = await fetch(`${this.url}/token`, {
      method: "POST",
      headers: { authorization: `Basic ${Buffer.from("service:a%20secret%20of%20the%20test").toString("base64")}` },
      body: new URLSearchParams({ grant_type: "client_credentials", scope: "api", resource: AUDIENCE }),
    });
    const body = (await response.json()) as { access_token?: string };
    if (body.access_token === undefined) throw new Error(`The issuer answered ${JSON.stringify(body)}`);
    return body.access_token;
  }
}
