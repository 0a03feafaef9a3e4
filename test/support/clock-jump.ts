// Preloaded into a host under test: its wall clock jumps when the test says so, as if an operator had set it.
const realNow = Date.now;
let offsetMs = 0;
Date.now = () => realNow() + offsetMs;

process.on("message", (message) => {
  if (typeof message === "object" && message !== null && "clockOffsetMs" in message) {
    offsetMs = Number(message.clockOffsetMs);
  }
});
process.channel?.unref(); // whoever is told this need not stay for it
