CREATE TABLE IF NOT EXISTS users (
    id    BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
    email VARCHAR(200) NOT NULL,
    name  VARCHAR(200) DEFAULT 'ohne Namen: äöü 🦀',
    UNIQUE KEY users_email_key (email)
);
-- glowplug: allow(insert-without-guard, reason = "a second row is what a proof looks for")
INSERT INTO witness (migration, step) VALUES ('002', 1);
