/// What `--version` says, and `ready` in the scripting interface.
let programVersion = "0.1.0"
