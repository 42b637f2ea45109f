/// Cuts a stream of bytes into what a two-byte big-endian length goes before: frames, or sealed records.
///
/// Bytes go in as they come and whole units come out; take all of them after each ``append(_:)``, then at most one
/// incomplete unit is kept. Each byte is moved a bounded number of times, however the stream was cut.
public struct LengthPrefixBuffer<Unit: LengthPrefixed>: Sendable {
    private var bytes: [UInt8] = []
    /// Index of the first byte not yet taken.
    private var start = 0
    private var failure: WireError?

    public init() {}

    /// Bytes that are kept because their unit is not complete, or not taken.
    public var bufferedCount: Int { bytes.count - start }

    /// Whether ``next()`` has thrown: the stream has no boundaries any more.
    public var isBroken: Bool { failure != nil }

    /// More of the stream. After an error the stream has no boundaries any more, so its bytes are dropped. Bytes that
    /// come when nothing is buffered are not copied, and nothing is kept of them once all units are taken: an idle
    /// stream has no buffer.
    public mutating func append(_ more: [UInt8]) {
        guard failure == nil else { return }
        if start == bytes.count {
            bytes = more
            start = 0
            return
        }
        if start > bytes.count / 2 {
            // At least as many bytes were taken as are moved here.
            bytes.removeSubrange(..<start)
            start = 0
        }
        bytes.append(contentsOf: more)
    }

    /// The next whole unit without its length, or nil until more comes. Let go of it before the next ``append(_:)``,
    /// which otherwise has to copy the buffer.
    /// - Throws: ``WireError/empty`` and ``WireError/tooLong(bytes:maximum:)``, again and again once it did: the
    ///   stream is lost.
    public mutating func next() throws(WireError) -> ArraySlice<UInt8>? {
        if let failure { throw failure }
        guard bufferedCount >= 2 else {
            if bufferedCount == 0 { letGo() }
            return nil
        }
        let length = Int(bytes[start]) << 8 | Int(bytes[start + 1])
        if length == 0 { throw fail(.empty) }
        if length > Unit.maximumBytes { throw fail(.tooLong(bytes: length, maximum: Unit.maximumBytes)) }
        guard bufferedCount - 2 >= length else { return nil }
        let unit = bytes[start + 2..<start + 2 + length]
        start += 2 + length
        return unit
    }

    private mutating func fail(_ error: WireError) -> WireError {
        failure = error
        letGo()
        return error
    }

    private mutating func letGo() {
        bytes = []
        start = 0
    }
}

/// What a ``LengthPrefixBuffer`` yields.
public protocol LengthPrefixed: Sendable {
    /// Longer ones are refused, before any of their bytes are kept.
    static var maximumBytes: Int { get }
}

/// Cuts the plaintext stream of a link into frames.
public typealias FrameBuffer = LengthPrefixBuffer<FrameUnit>
/// Cuts a TCP stream into handshake messages and sealed records (Noise §13 leaves lengths to us).
public typealias RecordBuffer = LengthPrefixBuffer<RecordUnit>

public enum FrameUnit: LengthPrefixed {
    public static let maximumBytes = Limits.frameBytes
}

public enum RecordUnit: LengthPrefixed {
    /// The most that a Noise message may have (Noise §3), and that two bytes can say.
    public static let maximumBytes = 65_535
}
