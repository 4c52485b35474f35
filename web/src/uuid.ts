// Gives pages outside a secure context `crypto.randomUUID`, which LiveKit's client calls to send text. Such a
// page is one over http at an address of the network, as with the demo's --host.

/** A random UUID (RFC 9562, version 4). */
export function randomUuid(): ReturnType<Crypto["randomUUID"]> {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

crypto.randomUUID ??= randomUuid;
