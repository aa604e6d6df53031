-- Before Prosody opens a room it asks rooms; who comes and goes, it tells rooms. Both times it shows
-- the secret the two share. The address it asks at is PROSODY_RESERVATION_REST_BASE_URL.

local authorization = { ["Authorization"] = "Bearer " .. ENV_ROOMS_CALLBACK_SECRET }

reservations_api_headers = authorization
reservations_api_timeout = 5

Component "events.meet.jitsi" "event_sync_component"
    muc_component = "muc.meet.jitsi"
    api_prefix = "http://rooms:8080"
    api_headers = authorization
    api_timeout = 5
    api_retry_count = 5
    api_retry_delay = 2
