export interface Fixture {
  url: string;
  state: Record<string, unknown>;
  stop: () => Promise<void>;
}
export function startFixture(options?: { port?: number; pace?: number; dist?: string | null }): Promise<Fixture>;
