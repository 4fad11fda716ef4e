import type { MemoryItem } from "../src/api/types";

export function newMemory(): MemoryItem[];
