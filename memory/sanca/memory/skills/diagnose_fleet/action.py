"""Is anything broken: root causes over all services, repaired one by one after approval, verified."""

told(*heal(None), t("the fleet", "整个系统"))
