-- A turn stays when its last run is claimed or cancelled, and is deleted by the claim that passes it over: so a claim asks less.
DROP TRIGGER queue_turn_of_moved;
DROP TRIGGER queue_turn_of_gone;
