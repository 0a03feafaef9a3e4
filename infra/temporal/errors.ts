// Turns errors of the Temporal client into errors of the table, with a text for users and operators.
import {
  isGrpcServiceError,
  NamespaceNotFoundError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from "@temporalio/client";
import { DomainError } from "../../actors/shared/errors.ts";

// https://grpc.github.io/grpc/core/md_doc_statuscodes.html
const grpcCodes = {
  invalidArgument: 3,
  deadlineExceeded: 4,
  permissionDenied: 7,
  resourceExhausted: 8,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** Returns a DomainError for every error that has a meaning for the caller, and other errors unchanged. */
export function temporalError(error: unknown, { address, namespace }: { address: string; namespace: string }): unknown {
  if (error instanceof DomainError) return error;
  const unavailable = (message: string) => new DomainError("common.unavailable", { message, cause: error });
  if (error instanceof NamespaceNotFoundError) return unavailable(`Temporal has no namespace "${namespace}".`);
  const code = grpcCodeOf(error);
  if (code === grpcCodes.unavailable) {
    return unavailable(
      `Temporal is not running: nothing answers at ${address}. Start Temporal (npm run stack up temporal), or set TEMPORAL_ADDRESS.`,
    );
  }
  if (code === grpcCodes.unauthenticated || code === grpcCodes.permissionDenied) {
    return unavailable("Temporal refuses this host's credentials.");
  }
  if (code === grpcCodes.resourceExhausted) return new DomainError("common.too_many", { cause: error });
  if (code === grpcCodes.deadlineExceeded || error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
    // The workflow may have taken the request: repeating the request finds its result.
    return new DomainError("common.timeout", { cause: error });
  }
  return error;
}

/**
 * True when Temporal refused a workflow because a search attribute of the workflow is not registered, or not known everywhere
 * yet.
 */
export function isUnknownSearchAttribute(error: unknown): boolean {
  return grpcCodeOf(error) === grpcCodes.invalidArgument && /search attribute/i.test(detailsOf(error));
}

function grpcCodeOf(error: unknown): number | undefined {
  return grpcErrorIn(error)?.code;
}
function detailsOf(error: unknown): string {
  const found = grpcErrorIn(error);
  return `${found?.details} ${found?.message}`;
}
function grpcErrorIn(error: unknown) {
  for (let each = error; each instanceof Error; each = each.cause) if (isGrpcServiceError(each)) return each;
  return undefined;
}
