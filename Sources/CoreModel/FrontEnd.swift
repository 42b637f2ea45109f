/// A front end: input bytes become commands, and events become bytes to print. Pure, like the cores; the host moves the
/// bytes.
public protocol FrontEnd: AnyObject {
    /// Handles bytes from standard input.
    func inputReceived(_ bytes: [UInt8], at wall: WallTime)
    /// Handles the end of standard input.
    func inputEnded()
    /// Handles a new width of the terminal.
    func sizeChanged(columns: Int)
    /// Handles an event; `token` ties it to the command that caused it, if one did.
    func eventOccurred(_ event: Event, token: CommandToken?, at wall: WallTime)
    /// Returns the next command, oldest first. The host calls it until it returns nil.
    func nextCommand() -> (command: Command, token: CommandToken?)?
    /// Returns the bytes to write to standard output, and removes them here.
    func takeOutput() -> [UInt8]
}
