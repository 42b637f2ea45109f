/// The buffer in which records are sealed, for one link after another. If a host releases the bytes before it asks for
/// more, one buffer serves all links.
package struct SealingBuffer {
    private var bytes: [UInt8] = []

    package init() {}

    /// The capacity that is always kept; a larger buffer is released when far less is needed.
    private static let keptBytes = 4096

    /// Returns the bytes that a channel has ready for its connection, at most `room` bytes of frames; empty if there
    /// are none.
    package mutating func flush(_ channel: inout Channel, most room: Int) -> [UInt8] {
        let size = channel.outputBytes(most: room)
        if size == 0 { return [] }
        if bytes.capacity > Self.keptBytes, bytes.capacity / 4 > size {
            bytes = []
        } else {
            bytes.removeAll(keepingCapacity: true)
        }
        bytes.reserveCapacity(size)
        channel.flush(into: &bytes, most: room)
        return bytes
    }
}
