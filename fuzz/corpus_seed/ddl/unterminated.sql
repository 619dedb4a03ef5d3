CREATE SOURCE t FROM FILE (password = 'it''s, x = /* /* */ "a
