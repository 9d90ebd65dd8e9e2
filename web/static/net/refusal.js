// The browser does not tell a page why its WebSocket was refused. A plain request to the same address
// gets the same answer.

import { bounded } from "./backoff.js";
import { errorText, t } from "../i18n/i18n.js";

const maxMessage = 200; // characters

// explain resolves to {message, after}: why the server refuses a WebSocket at an address, and for how long,
// in milliseconds. It resolves to null if the server does not answer, or does not refuse.
export async function explain(address, get = fetch) {
  try {
    const response = await get(address, { cache: "no-store", signal: AbortSignal.timeout(5_000) });
    if (response.status !== 429 && response.status !== 503) return null;
    const message = errorText(String(response.status), (await response.text()).trim().slice(0, maxMessage));
    const seconds = Number(response.headers.get("Retry-After") ?? 0);
    return { message: message || t("refusing"), after: seconds > 0 ? bounded(seconds * 1000) : 0 };
  } catch {
    return null;
  }
}
