// Before any schema is made: the schema library must not compile with eval, which the page's policy forbids.
import { config } from "zod/v4/core";

config({ jitless: true });
