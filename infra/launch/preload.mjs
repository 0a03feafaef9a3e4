// Preloaded into every script that the launcher starts: when the launcher is gone, however it went, so are we.
// At once and without a drain, as whoever kills -9 expects: nothing acknowledged is lost by it (G1).
if (process.channel) {
  process.once("disconnect", () => process.kill(process.pid, "SIGKILL"));
  process.channel.unref(); // a script that has nothing left to do may end
}
