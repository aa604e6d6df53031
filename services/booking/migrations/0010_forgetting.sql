-- What residents told of themselves is kept for a time only. What stays of a booking counts and reaches
-- nobody: times, theme, outcome, municipality and age group. That nothing else stays is a constraint.

ALTER TABLE booking
    ADD COLUMN forgotten_at timestamptz,
    DROP CONSTRAINT booking_reachable,
    ADD CONSTRAINT booking_reachable
        CHECK (walked_in OR forgotten_at IS NOT NULL OR num_nonnulls(email, phone) >= 1),
    ADD CONSTRAINT booking_forgotten CHECK (forgotten_at IS NULL OR (
        display_name = '–' AND num_nonnulls(email, phone, note, cancel_reason, feedback_given_at) = 0));

-- Each is as long as what is still to be forgotten.
CREATE INDEX booking_known_idx ON booking (slot_id) WHERE forgotten_at IS NULL;
CREATE INDEX booking_note_idx ON booking (slot_id) WHERE note IS NOT NULL;
CREATE INDEX slot_cancel_reason_idx ON slot (ends_at) WHERE cancel_reason IS NOT NULL;
CREATE INDEX feedback_words_idx ON feedback (given_on) WHERE words IS NOT NULL;
CREATE INDEX link_request_requested_at_idx ON link_request (requested_at);
