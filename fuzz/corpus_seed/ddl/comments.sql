/* a /* nested */ ' */ -- don't
DESCRIBE /* b */ t -- c