extension [UInt8] {
    /// Parses pairs of hexadecimal digits; white space between the pairs is skipped.
    /// - Returns: Nil for any other text.
    public init?(hexadecimal: some StringProtocol) {
        var bytes: [UInt8] = []
        var high: UInt8?
        for character in hexadecimal {
            if character.isWhitespace {
                guard high == nil else { return nil }
            } else {
                guard character.isASCII, let digit = character.hexDigitValue else { return nil }
                if let first = high {
                    bytes.append(first << 4 | UInt8(digit))
                    high = nil
                } else {
                    high = UInt8(digit)
                }
            }
        }
        guard high == nil else { return nil }
        self = bytes
    }

    /// The bytes as lower-case hexadecimal digits, two for each byte.
    public var hexadecimal: String {
        reduce(into: "") { text, byte in
            let digits = String(byte, radix: 16)
            text += digits.count == 1 ? "0" + digits : digits
        }
    }
}
