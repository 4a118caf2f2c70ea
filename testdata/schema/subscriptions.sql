-- Subscriptions with every option; nothing listens where they point to.
DO $$ BEGIN CREATE ROLE "subscriptions o" SUPERUSER; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE SUBSCRIPTION "subscriptions ""s""" CONNECTION 'host=nowhere password=''it\''s'' dbname="d"'
    PUBLICATION "P ""p""", q WITH (connect = false, slot_name = 'sub_slot', synchronous_commit = remote_apply);
CREATE SUBSCRIPTION subscriptions_none CONNECTION 'dbname=none' PUBLICATION q WITH (connect = false, slot_name = NONE);
CREATE SUBSCRIPTION subscriptions_binary CONNECTION 'dbname=none' PUBLICATION q
    WITH (connect = false, slot_name = NONE, binary = true, streaming = on);                                 --@ 14+
    WITH (connect = false, slot_name = NONE);                                                                --@ 13
CREATE SUBSCRIPTION subscriptions_two CONNECTION 'dbname=none' PUBLICATION q                                  --@ 15+
    WITH (connect = false, two_phase = true, disable_on_error = true, streaming = off, slot_name = 'two');    --@ 15+
CREATE SUBSCRIPTION subscriptions_16 CONNECTION 'dbname=none' PUBLICATION q                                   --@ 16+
    WITH (connect = false, streaming = parallel, origin = none, run_as_owner = true,                          --@ 16+
          password_required = false, slot_name = NONE);                                                       --@ 16+
CREATE SUBSCRIPTION subscriptions_17 CONNECTION 'dbname=none' PUBLICATION q                                   --@ 17+
    WITH (connect = false, failover = true, slot_name = 'fail');                                              --@ 17+
CREATE SUBSCRIPTION "Sub's ""slot""" CONNECTION 'dbname=none' PUBLICATION q WITH (connect = false);
ALTER SUBSCRIPTION subscriptions_none OWNER TO "subscriptions o";
