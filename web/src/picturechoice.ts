// Chooses a picture: dropped on the page, from a file, or taken with the camera. Shows what was chosen.

const PREVIEW_PX = 160;
const JPEG_QUALITY = 0.95;

export interface PictureParts {
  readonly words: HTMLElement;
  readonly preview: HTMLCanvasElement;
  readonly camera: HTMLVideoElement;
  readonly file: HTMLInputElement;
  readonly choose: HTMLButtonElement;
  readonly useCamera: HTMLButtonElement;
  readonly shoot: HTMLButtonElement;
}

export class PictureChoice {
  picture: Blob | undefined;
  private readonly invitation: string;

  /** @param changed called with each picture that is chosen, and when there is none any more. */
  constructor(
    private readonly parts: PictureParts,
    private readonly changed: () => void,
  ) {
    this.invitation = parts.words.textContent ?? "";
    parts.choose.addEventListener("click", () => parts.file.click());
    parts.file.addEventListener("change", () => void this.take(parts.file.files?.[0]));
    parts.useCamera.addEventListener("click", () => void this.openCamera());
    parts.shoot.addEventListener("click", () => void this.takePhotograph());
  }

  /** Takes a picture, or none; shows it as far as this browser can. */
  async take(picture: Blob | undefined): Promise<void> {
    this.closeCamera();
    const { preview, words, file } = this.parts;
    // The same file may be chosen again.
    if (picture === undefined) file.value = "";
    this.picture = picture;
    words.textContent = this.invitation;
    preview.hidden = true;
    this.changed();
    if (picture === undefined) return;
    const bitmap = await createImageBitmap(picture).catch(() => undefined);
    if (this.picture !== picture) return;
    words.textContent = bitmap ? "" : "This browser cannot show the picture; it may work all the same.";
    if (bitmap) drawWhole(bitmap, preview);
    preview.hidden = bitmap === undefined;
  }

  closeCamera(): void {
    const { camera, shoot, useCamera } = this.parts;
    const stream = camera.srcObject;
    if (stream instanceof MediaStream) for (const track of stream.getTracks()) track.stop();
    camera.srcObject = null;
    camera.hidden = shoot.hidden = true;
    useCamera.hidden = false;
  }

  private async openCamera(): Promise<void> {
    const { camera, shoot, useCamera, words } = this.parts;
    await this.take(undefined);
    try {
      camera.srcObject = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: "user", width: { ideal: 1280 }, height: { ideal: 720 } },
      });
    } catch {
      words.textContent = "There is no camera that this page may use.";
      return;
    }
    words.textContent = "Look into the camera, lips closed.";
    camera.hidden = shoot.hidden = false;
    useCamera.hidden = true;
  }

  private async takePhotograph(): Promise<void> {
    const { camera } = this.parts;
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [camera.videoWidth, camera.videoHeight];
    canvas.getContext("2d")?.drawImage(camera, 0, 0);
    const photograph = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", JPEG_QUALITY));
    await this.take(photograph ?? undefined);
  }
}

/** The picture in the middle of a square canvas, as large as fits. */
function drawWhole(bitmap: ImageBitmap, canvas: HTMLCanvasElement): void {
  const scale = PREVIEW_PX / Math.max(bitmap.width, bitmap.height);
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
}
