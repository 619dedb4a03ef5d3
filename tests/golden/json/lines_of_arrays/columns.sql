value VARCHAR[]
