// A user of the web chat in a browser of their own.
import type { Locator, Page } from "playwright-core";
import { openPage, problemsOf } from "./chromium.ts";

type Options = Parameters<typeof openPage>[0];

export interface WebUser {
  readonly name: string;
  readonly page: Page;
  readonly problems: readonly string[];
  readonly email: string;
  of(testId: string): Locator;
}

const password = "Passw0rd1";

function userOf(name: string, { page, problems }: Pick<WebUser, "page" | "problems">): WebUser {
  const email = `${name.toLowerCase()}@tea.test`;
  return { name, page, problems, email, of: (testId) => page.getByTestId(testId) };
}

/** Opens the chat; nobody is logged in. */
export async function openChat(at: { readonly port: number }, name: string, options: Options = {}): Promise<WebUser> {
  const opened = await openPage(options);
  await opened.page.goto(`http://127.0.0.1:${at.port}/?lang=en`);
  return userOf(name, opened);
}

/** Alice and Bob register, each in a browser of their own, and become friends. */
export async function openFriends(
  at: { readonly port: number },
  options: { readonly alice?: Options; readonly bob?: Options } = {},
): Promise<{ alice: WebUser; bob: WebUser }> {
  const alice = await openChat(at, "Alice", options.alice);
  const bob = await openChat(at, "Bob", options.bob);
  await register(alice);
  await register(bob);
  await befriend(alice, bob);
  return { alice, bob };
}

/** Another tab of the same browser. */
export async function openTab(user: WebUser): Promise<WebUser> {
  const page = await user.page.context().newPage();
  const tab = userOf(user.name, { page, problems: problemsOf(page) });
  await page.goto(new URL("/", user.page.url()).href);
  await isOnline(tab);
  return tab;
}

export async function register(user: WebUser): Promise<void> {
  await user.of("go-register").click();
  await user.of("email").fill(user.email);
  await user.of("nickname").fill(user.name);
  await user.of("password").fill(password);
  await user.of("code").fill("123456");
  await user.of("submit").click();
  await isOnline(user);
}

export async function logIn(user: WebUser, secret = password): Promise<void> {
  await user.of("email").fill(user.email);
  await user.of("password").fill(secret);
  await user.of("submit").click();
}

function isOnline(user: WebUser): Promise<void> {
  return user.page.locator('[data-testid="connection"][data-state="online"]').waitFor();
}

/** The one asks, the other accepts. */
async function befriend(asking: WebUser, asked: WebUser): Promise<void> {
  await asking.of("nav-friends").click();
  await asking.of("add-friend").click();
  await asking.of("friend-search").fill(asked.email);
  await asking.of("friend-result").getByTestId("friend-request-send").click();
  await asking.of("friend-result").getByText("Request sent").waitFor();
  await asked.of("nav-friends").click();
  await asked.of("friend-request").getByTestId("friend-accept").click();
  await asked.of("friend-item").waitFor();
  await asking.of("friend-item").waitFor();
}

export async function write(user: WebUser, text: string): Promise<void> {
  await user.of("composer").fill(text);
  await user.page.keyboard.press("Enter");
}

export function messageOf(user: WebUser, text: string): Locator {
  return user.of("message").filter({ hasText: text });
}

/** The texts of all messages that the user's page shows, from top to bottom. */
export function textsShown(user: WebUser): Promise<string[]> {
  return user.of("message").locator(".text").allInnerTexts();
}

/** Opens the menu of what can be done with a message. */
export async function openMenu(message: Locator): Promise<void> {
  await message.hover();
  await message.getByTestId("message-more").click();
}

export function hasStatus(user: WebUser, text: string, status: string): Promise<void> {
  return messageOf(user, text)
    .and(user.page.locator(`[data-status="${status}"]`))
    .waitFor();
}
