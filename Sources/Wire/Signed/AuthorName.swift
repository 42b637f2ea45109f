/// The name by which the sender of entries knew one of their authors.
public struct AuthorName: Equatable, Sendable {
    /// The author.
    public var peer: PeerID
    /// The name, at most 32 bytes. Code that uses it checks whether it is valid (Protocol.md, Nicknames).
    public var name: String

    /// Creates a pair of a key and a name.
    public init(peer: PeerID, name: String) {
        self.peer = peer
        self.name = name
    }
}

extension AuthorName {
    init(from reader: inout CBORReader) throws(CBORError) {
        self = try reader.fields(2) { (reader) throws(CBORError) in
            AuthorName(peer: try reader.identifier(), name: try reader.text(maximumBytes: Limits.nameBytes))
        }
    }

    func write(to writer: inout CBORWriter) {
        precondition(name.utf8.count <= Limits.nameBytes, "a name has at most 32 bytes")
        writer.array(count: 2)
        writer.identifier(peer)
        writer.text(name)
    }
}
