"""Crisis levers: prepared, reversible measures with a trigger, an expiry and a debrief; and the growth brake."""
