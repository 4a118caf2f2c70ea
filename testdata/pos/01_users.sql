-- A restaurant's point of sale: venues and the people who work there.
--
-- The files of this folder are run in order, as statements without commands of any client; `:scale` is replaced by a
-- number (`psql -v scale=1` does the same on a server that has all marked lines). Scale 1 is about 0.8 MB of COPY text,
-- beside one photo of 24 MB that every scale has once. Rows are made from their numbers: equal on every run.

-- Roles belong to the cluster, and another database may have made them already.
DO $$ BEGIN CREATE ROLE pos_app NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
DO $$ BEGIN CREATE ROLE pos_report NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;

CREATE EXTENSION citext WITH SCHEMA public;
CREATE EXTENSION pgcrypto WITH SCHEMA public;

CREATE SCHEMA users;
COMMENT ON SCHEMA users IS 'venues, and who may do what there';

CREATE TYPE users.job AS ENUM ('owner', 'manager', 'waiter', 'kitchen');
ALTER TYPE users.job ADD VALUE 'courier' BEFORE 'kitchen';
COMMENT ON TYPE users.job IS 'what somebody is hired for';
CREATE DOMAIN users.phone AS text CONSTRAINT international CHECK (VALUE ~ '^\+[0-9]{6,15}$');

CREATE TABLE users.venue (
    id serial PRIMARY KEY,
    slug text NOT NULL UNIQUE CHECK (slug = lower(slug)),
    name text NOT NULL,
    zone text NOT NULL DEFAULT 'Europe/Berlin',
    address jsonb NOT NULL DEFAULT '{}',
    opened date NOT NULL
);

CREATE TABLE users.person (
    id bigint GENERATED ALWAYS AS IDENTITY (START WITH 1 INCREMENT BY 1 CACHE 10) PRIMARY KEY,
    venue_id integer NOT NULL,
    email public.citext NOT NULL,
    job users.job NOT NULL DEFAULT 'waiter',
    phone users.phone,
    pin char(4) NOT NULL,
    languages text[] NOT NULL DEFAULT ARRAY['de'],
    settings jsonb,
    badge uuid NOT NULL,
    secret bytea,
    hired_at timestamptz NOT NULL,
    left_at timestamptz,
    CONSTRAINT stays_some_time CHECK (left_at IS NULL OR left_at > hired_at)
);
COMMENT ON TABLE users.person IS 'people, whether they still work here or not';
COMMENT ON COLUMN users.person.secret IS E'hash of the pin, salted;\nnever shown';

-- A name that every careless tool trips over.
CREATE TABLE users."the ""night"" shift" (
    "who's on" bigint NOT NULL,
    "from" timestamp NOT NULL,
    "select" interval,
    PRIMARY KEY ("who's on", "from")
);
