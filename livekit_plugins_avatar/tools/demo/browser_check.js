// Runs in the demo's page, added by browser_check.py: records what a visitor sees and hears.
//
// `avatarCheck.rows` gets a row every 50 ms: time in seconds, whether the agent speaks (0 or 1), RMS of its
// track (full scale 1), mean change of the mouth's part of the picture since the row before (luma, 0 to
// 255), and frames shown so far.

{
  const ROW_MS = 50;
  const face = document.getElementById("face");
  const sound = agentSound();
  const loudness = loudnessOf(sound);
  const mouthMoved = mouthOf(face);
  const stopFilm = film(face, sound);
  const check = { rows: [], asked: null, ask, look, film: finish };
  const timer = setInterval(() => {
    const speaks = window.avatarDemo.agentState === "speaking" ? 1 : 0;
    const frames = face.getVideoPlaybackQuality().totalVideoFrames;
    check.rows.push([performance.now() / 1000, speaks, loudness(), mouthMoved(), frames]);
  }, ROW_MS);
  window.avatarCheck = check;

  function agentSound() {
    return [...window.avatarDemo.room.remoteParticipants.values()]
      .flatMap((participant) => [...participant.trackPublications.values()])
      .find((publication) => publication.kind === "audio" && publication.track)
      .track.mediaStreamTrack;
  }

  function loudnessOf(track) {
    const audio = new AudioContext();
    const analyser = new AnalyserNode(audio, { fftSize: 2048 });
    audio.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    return () => {
      analyser.getFloatTimeDomainData(samples);
      return Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);
    };
  }

  function mouthOf(video) {
    const [columns, rows] = [48, 32];
    const canvas = Object.assign(document.createElement("canvas"), { width: columns, height: rows });
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    let before = null;
    return () => {
      const [w, h] = [video.videoWidth, video.videoHeight];
      if (!w) return 0;
      pen.drawImage(video, 0.3 * w, 0.5 * h, 0.4 * w, 0.35 * h, 0, 0, columns, rows);
      const now = pen.getImageData(0, 0, columns, rows).data;
      let sum = 0;
      for (let i = 0; before && i < now.length; i += 4) {
        const change = (channel) => now[i + channel] - before[i + channel];
        sum += Math.abs(0.3 * change(0) + 0.6 * change(1) + 0.1 * change(2));
      }
      before = now;
      return sum / (columns * rows);
    };
  }

  /** Records picture and sound; returns what stops it and gives the file. */
  function film(video, track) {
    const parts = [];
    const recorder = new MediaRecorder(
      new MediaStream([...video.srcObject.getVideoTracks(), track]),
      { mimeType: "video/webm;codecs=vp8,opus", videoBitsPerSecond: 1_500_000 },
    );
    recorder.ondataavailable = (event) => parts.push(event.data);
    recorder.start(1000);
    return async () => {
      await new Promise((done) => { recorder.onstop = done; recorder.stop(); });
      return new Blob(parts);
    };
  }

  /** The picture now: red minus blue of 16 rows of 16 points, -255 to 255. */
  function look() {
    const canvas = Object.assign(document.createElement("canvas"), { width: 16, height: 16 });
    const pen = canvas.getContext("2d");
    pen.imageSmoothingQuality = "high";
    pen.drawImage(face, 0, 0, 16, 16);
    const points = pen.getImageData(0, 0, 16, 16).data;
    return Array.from({ length: 256 }, (_, i) => points[4 * i] - points[4 * i + 2]);
  }

  function ask(question) {
    const field = document.getElementById("message");
    field.value = question;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    document.getElementById("send").click();
    check.asked = performance.now() / 1000;
  }

  /** Ends the recording; the film in base64. */
  async function finish() {
    clearInterval(timer);
    const bytes = new Uint8Array(await (await stopFilm()).arrayBuffer());
    let text = "";
    for (let i = 0; i < bytes.length; i += 32768) {
      text += String.fromCharCode(...bytes.subarray(i, i + 32768));
    }
    return btoa(text);
  }
}
