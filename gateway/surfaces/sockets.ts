import { chatSocket } from "./chat/socket.ts";
import { imageSocket } from "./image/socket.ts";
import { nextchatSocket } from "./nextchat/socket.ts";
import type { SurfaceSocket } from "./sockets/surface-socket.ts";

/** Every socket beside /ws. */
export const surfaceSockets: readonly SurfaceSocket[] = [chatSocket, imageSocket, nextchatSocket];
