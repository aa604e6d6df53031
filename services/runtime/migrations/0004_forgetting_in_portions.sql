-- What services keep beside their facts is forgotten some at a time: each kind is found by its age.

CREATE INDEX dead_letter_settled_idx ON dead_letter (settled_at) WHERE settled_at IS NOT NULL;
CREATE INDEX delivery_try_at_idx ON delivery_try (at);
