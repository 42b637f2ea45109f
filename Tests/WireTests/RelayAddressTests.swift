import Testing

@testable import Wire

@Suite("Relay addresses")
struct RelayAddressTests {
    private static let id = PeerID((0..<32).map { $0 })!
    private static let digits = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

    @Test(
        "an address has a host, a port and a fingerprint, and is formatted in full",
        arguments: [
            ("earshot://relay.example", "earshot://relay.example:47475"),
            ("earshot://relay.example:5000", "earshot://relay.example:5000"),
            ("EARSHOT://Relay.Example/", "earshot://relay.example:47475"),
            ("relay", "earshot://relay:47475"),
            ("192.0.2.7:1", "earshot://192.0.2.7:1"),
            ("earshot://[2001:DB8::1]", "earshot://[2001:db8::1]:47475"),
            ("earshot://[fe80::1%3]:65535", "earshot://[fe80::1%3]:65535"),
            ("earshot://relay#\(digits)", "earshot://relay:47475#\(digits)"),
            ("earshot://relay/#\(digits.uppercased())", "earshot://relay:47475#\(digits)"),
        ])
    func reads(text: String, full: String) throws {
        let address = try RelayAddress(text)
        #expect("\(address)" == full)
        #expect(try RelayAddress(full) == address)
        #expect(address.fingerprint == (text.contains("#") ? Self.id : nil))
    }

    @Test("host and port are the same with and without a fingerprint")
    func place() throws {
        let address = try RelayAddress("earshot://[2001:db8::1]#\(Self.digits)")
        #expect(address.place == "[2001:db8::1]:47475")
        #expect(try RelayAddress("relay:5").place == "relay:5")
    }

    @Test("a fault in an address is reported")
    func errors() {
        let cases: [(String, RelayAddressError)] = [
            ("", .badHost("")),
            ("earshot://", .badHost("")),
            ("https://relay.example", .unknownScheme("https")),
            ("earshot://relay:0", .badPort("0")),
            ("earshot://relay:", .badPort("")),
            ("earshot://relay:65536", .badPort("65536")),
            ("earshot://relay:+5", .badPort("+5")),
            ("earshot://2001:db8::1", .badHost("2001:db8::1")),
            ("earshot://[192.0.2.1]", .badHost("[192.0.2.1]")),
            ("earshot://[::1", .badHost("[::1")),
            ("earshot://[::1]5", .badPort("5")),
            ("earshot://192.0.2", .badHost("192.0.2")),
            ("earshot://réseau", .badHost("réseau")),
            ("earshot://relay#", .badFingerprint("")),
            ("earshot://relay#12", .badFingerprint("12")),
            ("earshot://relay/room", .unexpected("/room")),
            ("earshot://ana@relay", .unexpected("ana@")),
        ]
        for (text, error) in cases {
            #expect(throws: error, "\(text)") { try RelayAddress(text) }
            #expect("\(error)".contains("earshot://") || "\(error)".contains("whole address"))
        }
        #expect(throws: RelayAddressError.tooLong(bytes: 600)) {
            try RelayAddress(String(repeating: "a", count: 600))
        }
    }
}
