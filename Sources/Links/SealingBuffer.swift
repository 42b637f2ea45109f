/// The storage in which records are sealed, for one link after the other. A host that releases the bytes before it asks
/// for more makes one buffer serve all links.
package struct SealingBuffer {
    private var bytes: [UInt8] = []

    package init() {}

    /// Storage that is not given back for being too large.
    private static let keptBytes = 4096

    /// What a channel has ready for its connection, no more than there is room for; empty if that is nothing.
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
