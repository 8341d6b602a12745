#include "decode_tunnel_test.c"
#include "out.h"
int main(int c,char**v){(void)c;for(size_t i=0;i<TUNNELS;i++){char nm[100];snprintf(nm,100,"tunnel-%s",tunnels[i].name);g_open(v[1],nm,1);for(int k=0;k<2;k++){build_inner(&b,k);tunnels[i].wrap(&b,!k);if(k)tunnels[(i*7+3)%TUNNELS].wrap(&b,0);ethernet(&b);g_frame(&b,k?70:0);}fclose(gf);}
 static const uint8_t client[4]={0x20,1,0,0};teredo(client,1);build_put(&b,0,0,0xaa,0xbb,1,2,3,4);build_put(&b,0,1,3,2,'i','d','!','a','u',1,2,3,4,5,6,7,8,0);build_udp_at(&b,3544,5);build_ip4(&b,17,3,4);g_open(v[1],"tunnel-teredo",101);g_frame(&b,0);fclose(gf);return 0;}
