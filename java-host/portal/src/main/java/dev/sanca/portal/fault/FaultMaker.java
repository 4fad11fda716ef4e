package dev.sanca.portal.fault;

import java.util.List;
import java.util.Optional;

/** One kind of fault. Drawing touches nothing; making does; the cause is looked for in what runs now. */
interface FaultMaker {
    /** @return nothing when none of these services can have it */
    Optional<Draft> draw(Dice dice, List<String> services);

    void make(Draft draft);

    /** Says what is still wrong, or nothing when the cause is gone. */
    Optional<String> remains(Fault fault);
}
