// Preloaded into every script that the launcher or the supervisor starts: the script ends when its parent ends, even by kill
// -9. It ends at once and without a drain, as after kill -9 of the script itself; nothing acknowledged is lost (G1).
if (process.channel) {
  process.once("disconnect", () => process.kill(process.pid, "SIGKILL"));
  process.channel.unref(); // the channel alone must not keep a finished script running
}
