// A socket to the process that opened the viewer's page: what is sent is kept on disk there.

// What a disk that does not keep up may leave behind; more is dropped and counted.
const MOST_WAITING_BYTES = 16e6;

export class Outlet {
  /** How many messages were dropped. */
  dropped = 0;
  private readonly socket: WebSocket;
  private early: (ArrayBuffer | string)[] = [];

  constructor(address: string) {
    this.socket = new WebSocket(address);
    this.socket.addEventListener("open", () => {
      for (const message of this.early) this.socket.send(message);
      this.early = [];
    });
  }

  send(message: ArrayBuffer | string): void {
    if (this.socket.readyState === WebSocket.CONNECTING) this.early.push(message);
    else if (this.socket.readyState !== WebSocket.OPEN) this.dropped += 1;
    else if (this.socket.bufferedAmount > MOST_WAITING_BYTES) this.dropped += 1;
    else this.socket.send(message);
  }

  close(): void {
    this.socket.close();
  }
}

/** Numbers (uint32, little endian), then bytes. */
export function framed(numbers: readonly number[], bytes: ArrayBuffer): ArrayBuffer {
  const message = new Uint8Array(4 * numbers.length + bytes.byteLength);
  const view = new DataView(message.buffer);
  numbers.forEach((number, at) => view.setUint32(4 * at, number, true));
  message.set(new Uint8Array(bytes), 4 * numbers.length);
  return message.buffer;
}
