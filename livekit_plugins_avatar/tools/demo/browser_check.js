// Runs in the demo's page, called by browser_check.py: records what a visitor sees and hears.
//
// `avatarCheck.rows` gets a row every 50 ms: time in seconds, whether the agent speaks (0 or 1), RMS of its
// track (full scale 1), mean change of the mouth's part of the picture since the row before (luma, 0 to
// 255), and frames shown so far.
() => {
  const room = window.avatarDemo.room;
  const face = document.getElementById("face");
  const sound = [...room.remoteParticipants.values()]
    .flatMap((who) => [...who.trackPublications.values()])
    .find((publication) => publication.kind === "audio" && publication.track)
    .track.mediaStreamTrack;
  const audio = new AudioContext();
  const ear = new AnalyserNode(audio, { fftSize: 2048 });
  audio.createMediaStreamSource(new MediaStream([sound])).connect(ear);
  const heard = new Float32Array(ear.fftSize);

  const [columns, rows] = [48, 32];
  const canvas = Object.assign(document.createElement("canvas"), { width: columns, height: rows });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  let before = null;
  const mouthMoved = () => {
    const [w, h] = [face.videoWidth, face.videoHeight];
    if (!w) return 0;
    pen.drawImage(face, 0.3 * w, 0.5 * h, 0.4 * w, 0.35 * h, 0, 0, columns, rows);
    const now = pen.getImageData(0, 0, columns, rows).data;
    let sum = 0;
    if (before) for (let i = 0; i < now.length; i += 4) {
      sum += Math.abs(0.3 * (now[i] - before[i]) + 0.6 * (now[i + 1] - before[i + 1])
        + 0.1 * (now[i + 2] - before[i + 2]));
    }
    before = now;
    return sum / (columns * rows);
  };

  const tape = [];
  const recorder = new MediaRecorder(
    new MediaStream([...face.srcObject.getVideoTracks(), sound]),
    { mimeType: "video/webm;codecs=vp8,opus", videoBitsPerSecond: 1_500_000 },
  );
  recorder.ondataavailable = (event) => tape.push(event.data);
  recorder.start(1000);

  const check = { rows: [], asked: null };
  const timer = setInterval(() => {
    ear.getFloatTimeDomainData(heard);
    const rms = Math.sqrt(heard.reduce((sum, x) => sum + x * x, 0) / heard.length);
    const speaks = window.avatarDemo.agentState === "speaking" ? 1 : 0;
    const frames = face.getVideoPlaybackQuality().totalVideoFrames;
    check.rows.push([performance.now() / 1000, speaks, rms, mouthMoved(), frames]);
  }, 50);
  check.ask = (question) => {
    const field = document.getElementById("message");
    field.value = question;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    document.getElementById("send").click();
    check.asked = performance.now() / 1000;
  };
  check.film = async () => {
    clearInterval(timer);
    await new Promise((done) => { recorder.onstop = done; recorder.stop(); });
    const bytes = new Uint8Array(await new Blob(tape).arrayBuffer());
    let text = "";
    for (let i = 0; i < bytes.length; i += 32768) {
      text += String.fromCharCode(...bytes.subarray(i, i + 32768));
    }
    return btoa(text);
  };
  window.avatarCheck = check;
}
