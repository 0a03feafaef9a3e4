// A user of the web chat in a browser of their own.
import type { Locator, Page } from "playwright-core";
import { openPage } from "./chromium.ts";

type Options = Parameters<typeof openPage>[0];

interface WebUser {
  readonly page: Page;
  readonly problems: readonly string[];
  readonly email: string;
  of(testId: string): Locator;
}

const password = "Passw0rd1";

/** Opens the chat; nobody is logged in. */
export async function openChat(url: string, name: string, options: Options = {}): Promise<WebUser> {
  const { page, problems } = await openPage(options);
  await page.goto(url);
  return { page, problems, email: `${name.toLowerCase()}@tea.test`, of: (testId) => page.getByTestId(testId) };
}

/** Another tab of the same browser. */
export async function openTab(user: WebUser): Promise<WebUser> {
  const page = await user.page.context().newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  await page.goto(new URL("/", user.page.url()).href);
  const tab: WebUser = { page, problems, email: user.email, of: (testId) => page.getByTestId(testId) };
  await isOnline(tab);
  return tab;
}

export async function register(user: WebUser, name: string): Promise<void> {
  await user.of("go-register").click();
  await user.of("email").fill(user.email);
  await user.of("nickname").fill(name);
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
export async function befriend(asking: WebUser, asked: WebUser): Promise<void> {
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

export function hasStatus(user: WebUser, text: string, status: string): Promise<void> {
  return messageOf(user, text)
    .and(user.page.locator(`[data-status="${status}"]`))
    .waitFor();
}
