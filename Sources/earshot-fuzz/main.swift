import CFuzzer
import Simulator

/// Bytes from libFuzzer: the first decides what the rest is for.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: bytes, count: count))
    guard let kind = input.first else { return 0 }
    if kind & 1 == 0 { Exercise.decoders(Array(input.dropFirst())) } else { Exercise.peer(Array(input.dropFirst())) }
    return 0
}

var count = CommandLine.argc
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
let status = LLVMFuzzerRunDriver(&count, &arguments) { testOneInput($0, $1) }
