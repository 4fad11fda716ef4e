"""Is anything broken: root causes over all services, repaired one by one after approval, verified."""

told(Healing().run())
