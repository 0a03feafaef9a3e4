// What the routes answer, as far as the pages show it.

export interface Sums {
  requests: number;
  failed: number;
  unpriced: number;
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  cost: number;
}

export interface Overview {
  apiKeys: number;
  activeApiKeys: number;
  tokens: number;
  activeTokens: number;
  todayRequests: number;
  successRate: number;
  today: Sums;
  totals: Sums;
}

export type Range = "24h" | "7d" | "30d";
export type Grouping = "model" | "key" | "token";
export interface UsagePoint extends Sums {
  time: string;
  group: string;
}
export interface Usage {
  range: Range;
  data: UsagePoint[];
}

export const limitNames = ["quota", "rpm", "tpm", "parallel"] as const;
export type LimitName = (typeof limitNames)[number];
export interface ApiKey extends Partial<Record<LimitName, number>> {
  id: number;
  key: string;
  name: string;
  created_at: string;
  last_used_at: string | null;
  usage_count: number;
  tokens_used: number;
  is_active: boolean;
}

export interface Token {
  id: number;
  name: string;
  email: string;
  account_id: string;
  expired_at: string | null;
  last_refresh_at: string | null;
  is_active: boolean;
  status: "active" | "cooling" | "expired" | "refresh_failed" | "disabled";
  reason: string | null;
  cools_until: string | null;
  weight: number;
  has_refresh_token: boolean;
  created_at: string;
}
export interface TokenPage {
  data: Token[];
  total: number;
}

export interface ImportReport {
  total: number;
  successCount: number;
  failedCount: number;
  errors: { index: number; reason: string; file?: string }[];
}

export interface LogRow {
  id: number;
  request_id: string;
  user_id: string;
  api_key_id: number | null;
  token_id: number | null;
  provider: string | null;
  model: string;
  endpoint: string;
  status_code: number;
  is_failed: boolean;
  reason: string;
  error_message: string | null;
  created_at: string;
  latency_ms: number;
  first_byte_ms: number | null;
  attempts: number;
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  cost: number;
  lost_cost: number;
  unpriced: boolean;
  estimated: boolean;
}
export interface LogPage {
  logs: LogRow[];
  next_cursor: string | null;
}

export interface Profile {
  id: number;
  username: string;
  created_at: string;
}

export interface AccessCode {
  id: number;
  code?: string;
  is_active: boolean;
  created_at: string;
  expires_at: string | null;
  usage_count: number;
  max_usage: number;
}
