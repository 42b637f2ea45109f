/// events become bytes to print. Pure, like the cores; the host moves the bytes.
public protocol FrontEnd: AnyObject {
    /// Bytes from standard input.
    func inputReceived(_ bytes: [UInt8], at wall: WallTime)
    /// End of standard input.
    func inputEnded()
    /// The terminal is this wide now.
    func sizeChanged(columns: Int)
    func eventOccurred(_ event: Event, token: CommandToken?, at wall: WallTime)
    /// A command that was asked for, oldest first; the host takes them until there is none.
    func nextCommand() -> (command: Command, token: CommandToken?)?
    /// What is to be written to standard output, and forgotten here.
    func takeOutput() -> [UInt8]
}
