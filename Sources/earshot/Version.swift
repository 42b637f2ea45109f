/// The version that `--version` prints, and that `ready` has in the scripting interface.
let programVersion = "0.1.0"
