// How the kinds of memory look.
import { BookOpenText, CalendarDays, GraduationCap, MessageSquareText, UserRound, type LucideIcon } from "lucide-react";
import type { MemoryLayer } from "../api/types";

export const layerIcons: Record<MemoryLayer, LucideIcon> = {
  message: MessageSquareText,
  summary: CalendarDays,
  knowledge: BookOpenText,
  experience: GraduationCap,
  preference: UserRound,
};
