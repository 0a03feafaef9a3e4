// Preloaded into a host under test. The test sends an offset, and the host's wall clock jumps as if an operator had set it.
const realNow = Date.now;
let offsetMs = 0;
Date.now = () => realNow() + offsetMs;

process.on("message", (message) => {
  if (typeof message === "object" && message !== null && "clockOffsetMs" in message) {
    offsetMs = Number(message.clockOffsetMs);
  }
});
process.channel?.unref(); // the channel alone must not keep the host running
