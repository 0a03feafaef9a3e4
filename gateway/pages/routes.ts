import type { JsonSchema } from "../docs/json-schema.ts";
import { type ApiDocument, servedPath } from "../docs/openapi.ts";
import type { Operation } from "../docs/operation.ts";
import { renderParameters, renderSchema } from "./fields.ts";
import { escapeHtml } from "./html.ts";
import { type ErrorRow, renderCard, renderEntry, renderErrors, renderExample, renderPart } from "./parts.ts";

interface Listed {
  path: string;
  method: string;
  operation: Operation;
}

/** One section per resource. */
export function renderRoutes(api: ApiDocument): { name: string; count: number; html: string }[] {
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]): Listed => ({ path: servedPath(path, operation), method, operation }),
    ),
  );
  return api.tags.map(({ name }) => {
    const own = operations.filter(({ operation }) => operation.tags.includes(name));
    return { name, count: own.length, html: renderCard(own.map((each) => renderRoute(each, api))) };
  });
}

function renderRoute({ path, method, operation }: Listed, api: ApiDocument): string {
  const access = operation.security.length > 0 ? "" : `<span class="open">no token</span>`;
  const name = `<code>${escapeHtml(path)}</code>${access}`;
  const inside = `${renderRequest(operation)}${renderAnswer(operation)}${renderPart("Errors", renderErrors(errorsOf(operation, api)))}`;
  return renderEntry({ kind: method, tag: method.toUpperCase(), name, summary: operation.summary, inside });
}

function renderRequest({ parameters, requestBody }: Operation): string {
  const shown = parameters.filter((each) => each.in !== "header");
  const [body] = Object.values(requestBody?.content ?? {});
  return [
    shown.length > 0 ? renderPart("Parameters", renderParameters(shown)) : "",
    body ? renderPart("Body", renderSchema(body.schema)) : "",
    body?.example === undefined ? "" : renderPart("Example", renderExample(body.example)),
  ].join("");
}

/** Of an envelope only `data`: the other fields are the same for every route. */
function renderAnswer({ responses }: Operation): string {
  const [status = ""] = Object.keys(responses).filter((each) => each.startsWith("2"));
  const [answer] = Object.values(responses[status]?.content ?? {});
  if (!answer) return "";
  const { data } = (answer.schema.properties ?? {}) as { data?: JsonSchema };
  const isEnvelope = data !== undefined && answer.example !== undefined;
  const shape = renderPart("Answer", renderSchema(isEnvelope ? data : answer.schema));
  return answer.example === undefined ? shape : shape + renderPart("Example", renderExample(answer.example));
}

function errorsOf({ responses }: Operation, { components }: ApiDocument): ErrorRow[] {
  return Object.entries(responses).flatMap(([status, { content }]) =>
    Object.values(content ?? {}).flatMap(({ examples = {} }) =>
      Object.keys(examples).flatMap((name) => {
        const { value } = components.examples[name] ?? {};
        return value ? { status: Number(status), name, message: value.message, code: value.codeStr } : [];
      }),
    ),
  );
}
