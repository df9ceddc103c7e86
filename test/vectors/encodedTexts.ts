/** A text of some length in an encoding. */
export interface EncodedText {
  /** The file's bytes. */
  readonly base64: string;
  /** A line that the encoding can hold. */
  readonly more: string;
  /** Words of the first line. */
  readonly words: string;
}

/** Texts by the encodings that they are in; their lines end with LF. */
export const encodedTexts: Readonly<Record<string, EncodedText>> = {
  'windows-1251': {
    base64:
      'z/Do4uXyLCD98u4g7uH79+376SDw8/Hx6ujpIPLl6vHyLgrC8u7w4P8g8fLw7urgLCDiIO3l6SDy7ublIOXx8vwg8evu4uAg6CDh8+ri4CD/LgrS8OXy/P8g8fLw7urgIOfk5fH8IO/u8evl5O3//y4K',
    more: 'Новая строка',
    words: 'Привет',
  },
  'koi8-r': {
    base64:
      '8NLJ18XULCDc1M8gz8LZ3s7ZyiDS1dPTy8nKINTFy9PULgr31M/SwdEg09TSz8vBLCDXIM7FyiDUz9bFIMXT1Ngg08zP18EgySDC1cvXwSDRLgr00sXU2NEg09TSz8vBINrExdPYINDP08zFxM7R0S4K',
    more: 'Новая строка',
    words: 'Привет',
  },
  gbk: {
    base64:
      '1eLKx9K7uPbG1c2otcTW0M7EzsSxvs7EvP6howq12rb+0NDSstPQ0rvQqc7E19ajrNPD09q87LLiseDC66GjCrXayP3Q0MrH1+6689K70NChowo=',
    more: '新的一行',
    words: '普通',
  },
  big5: {
    base64:
      's2+sT6RArdO0trNxqrqkpKTlpOWlu6TlpfOhQwqyxKRHpuakXaazpECox6TlpnKhQaXOqfPAy7T6vXO9WKFDCrLEpFSm5qxPs8yr4aRApuahQwo=',
    more: '新的一行',
    words: '普通',
  },
  shift_jis: {
    base64:
      'grGC6oLNlYGSyoLMk/qWe4zqgsyDZYNMg1iDZ4LFgreBQgqT8Y1zltqCyYLglVyOpoK3gumDXIFbg1iCzJW2jpqCqoKgguiC3IK3gUIKjk+Nc5bags2NxYzjgsyNc4LFgreBQgo=',
    more: '新しい行',
    words: '普通',
  },
  'euc-jp': {
    base64:
      'pLOk7KTPyeHEzKTOxvzL3LjspM6lxqWtpbmlyKTHpLmhowrG87nUzNyky6Tiyb28qKS5pOulvaG8pbmkzsq4u/qkrKSipOqk3qS5oaMKu7C51MzcpM+6x7jlpM651KTHpLmhowo=',
    more: '新しい行',
    words: '普通',
  },
  'euc-kr': {
    base64:
      'wMywzcC6IMbyufzH0SDH0bG5vu4gxdi9usauwNS0z7TZLgq1ziC5+MKwIMHZv6G1tSCx28DasKEgwNa9wLTPtNkuCry8ILn4wrAgwdnAzCC4tsH2uLfA1LTPtNkuCg==',
    more: '새로운 줄',
    words: '평범한',
  },
  'iso-8859-1': {
    base64:
      'WndlaSBzY2j2bmUgWmVpbGVuIG1pdCBVbWxhdXRlbjog5Pb8LgpVbmQgbm9jaCBlaW5lIGb8ciBhbGxlIEbkbGxlLCBkaWUgZ3L232VyIGlzdC4KRGllIGRyaXR0ZSBpc3Qg/GJyaWcuCg==',
    more: 'größere Übung',
    words: 'schöne',
  },
  'windows-1252': {
    base64:
      'k0N1cmx5lCBxdW90ZXMgliBhbmQgZGFzaGVzhSBuYe92ZSBjYWbpIHLpc3Vt6S4KQSBzZWNvbmQgbGluZSBjb3N0cyA1IIAuClRoZSB0aGlyZCBpc26SdCBsb25nLgo=',
    more: 'a “new” line – €',
    words: 'café',
  },
  'utf-8': {
    base64: 'R3LDvMOfZSwg5pel5pys6KqeLCDQv9GA0LjQstC10YIuClp3ZWl0ZSBaZWlsZS4KRHJpdHRlIFplaWxlLgo=',
    more: 'neue Zeile: 漢字',
    words: 'Grüße',
  },
  'utf-8 with a mark': {
    base64: '77u/R3LDvMOfZSwg5pel5pys6KqeLCDQv9GA0LjQstC10YIuClp3ZWl0ZSBaZWlsZS4KRHJpdHRlIFplaWxlLgo=',
    more: 'neue Zeile: 漢字',
    words: 'Grüße',
  },
  'utf-16le with a mark': {
    base64:
      '//5HAHIA/ADfAGUALAAgAOVlLGeeiiwAIAA/BEAEOAQyBDUEQgQuAAoAWgB3AGUAaQB0AGUAIABaAGUAaQBsAGUALgAKAEQAcgBpAHQAdABlACAAWgBlAGkAbABlAC4ACgA=',
    more: 'neue Zeile: 漢字',
    words: 'Grüße',
  },
};
